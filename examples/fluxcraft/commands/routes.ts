import { post, routes } from "allium";
import { Games } from "./contract.ts";

export const gameRoutes = routes(Games, {
	create: post("/games", { status: 201, location: "/games/{id}" }),
	join: post("/games/{id}/join"),
	move: post("/games/{id}/move"),
	leave: post("/games/{id}/leave"),
});
