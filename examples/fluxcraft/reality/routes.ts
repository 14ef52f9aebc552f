import { get, routes } from "allium";
import { Reality } from "./contract.ts";

export const realityRoutes = routes(Reality, { get: get("/games/{id}") });
