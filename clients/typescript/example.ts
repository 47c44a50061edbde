// Requests that are checked against the types of the API: `npm run generate`, then `npm run check`.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const ocean = createClient<paths>({ baseUrl: "http://localhost:8080" });

export async function listDatasets(): Promise<string[]> {
  const { data, error } = await ocean.GET("/api/v2.0/datasets", { params: { query: { lang: "fr" } } });
  if (error) throw new Error(error.detail);
  return data.map((dataset) => dataset.id);
}

export async function searchDatasets(words: string): Promise<number> {
  const { data } = await ocean.GET("/api/v2.0/datasets/search", { params: { query: { q: words, limit: 10 } } });
  return data?.total ?? 0;
}

export async function readProfile(latitude: number, longitude: number): Promise<unknown> {
  const { data } = await ocean.GET("/api/v2.0/data/{dataset}/{variables}/profile", {
    params: { path: { dataset: "giops_day", variables: "votemper" }, query: { latitude, longitude } },
  });
  return data;
}

export async function readSeries(latitude: number, longitude: number): Promise<Blob | undefined> {
  const { data } = await ocean.GET("/api/v2.0/data/{dataset}/{variables}/timeseries.csv", {
    params: { path: { dataset: "giops_day", variables: "votemper" }, query: { latitude, longitude } },
    parseAs: "blob",
  });
  return data as Blob | undefined;
}

export function describeProblem(problem: components["schemas"]["Problem"]): string {
  return `${problem.status}: ${problem.detail}`;
}

export async function drawTile(x: number, y: number, zoom: number): Promise<Blob | undefined> {
  const { data } = await ocean.GET("/api/v2.0/tiles/{dataset}/{variable}/{time}/{depth}/{zoom}/{x}/{y}", {
    params: { path: { dataset: "giops_day", variable: "votemper", time: "-1", depth: "0", zoom, x, y } },
    parseAs: "blob",
  });
  return data as Blob | undefined;
}
