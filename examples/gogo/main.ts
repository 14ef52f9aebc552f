import { allium, type Middleware, once } from "allium";
import { Matches } from "./contract.ts";
import { eventSourcedMatches } from "./event-sourced-matches.ts";
import { type MatchRepository, memoryMatches } from "./repository.ts";
import { matchRoutes } from "./routes.ts";
import { matchService } from "./service.ts";

/** The repository of matches, and the middleware that makes a repeated request count once. */
interface Keeping {
	readonly repository: MatchRepository;
	readonly middleware: readonly Middleware[];
}

const app = allium({ name: "gogo" });
const keepings: ReadonlyMap<string, () => Keeping> = new Map([
	["events", () => ({ repository: eventSourcedMatches(app.events), middleware: [] })],
	["memory", () => ({ repository: memoryMatches(), middleware: [once()] })],
]);
const chosen = process.env.GOGO_MATCHES || "events";
const keeping = keepings.get(chosen)?.();
if (keeping === undefined) {
	console.error(`GOGO_MATCHES is ${JSON.stringify(chosen)}; it takes ${[...keepings.keys()].join(" or ")}`);
	process.exit(1);
}
const { repository, middleware } = keeping;
app.serve(Matches, matchService(repository), { routes: matchRoutes, middleware });
await app.run();
