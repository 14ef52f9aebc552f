import { type App, commands } from "allium";
import type { Game } from "../game.ts";
import { Games } from "./contract.ts";
import { gameRoutes } from "./routes.ts";
import { rules } from "./rules.ts";

/** Adds the service that carries out commands. Each is answered with the game after it. */
export function addCommands(app: App): void {
	const game = (state: Game) => state;
	const service = commands(app.events, rules, { create: game, join: game, move: game, leave: game });
	app.serve(Games, service, { routes: gameRoutes });
}
