"""What a picture is made of: pure functions of arrays and Structs."""
