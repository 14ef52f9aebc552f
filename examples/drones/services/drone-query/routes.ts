import { get, routes } from "allium";
import { DroneQuery } from "./contract.ts";

/** The paths of Cloud Native Go's drones-query. */
export const queryRoutes = routes(DroneQuery, {
	lastTelemetry: get("/drones/{droneId}/lastTelemetry"),
	lastAlert: get("/drones/{droneId}/lastAlert"),
	lastPosition: get("/drones/{droneId}/lastPosition"),
});
