"""Runs the migrations in the transaction of the connection that is given."""

from alembic import context

from ocean_metadata.catalogue.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
