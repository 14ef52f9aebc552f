// The parts that FLUXCRAFT_PARTS names, as one process. Default: all.
import { type App, allium } from "allium";
import { addCommands } from "./commands/part.ts";
import { addReality } from "./reality/part.ts";

const parts: ReadonlyMap<string, (app: App) => void> = new Map([
	["commands", addCommands],
	["reality", addReality],
]);
const all = [...parts.keys()].join(",");
const chosen = process.env.FLUXCRAFT_PARTS || all;

// Watchers never leave by themselves, so the process does not wait long for them when it stops.
const app = allium({ name: "fluxcraft", gracePeriodMs: 2_000 });
for (const name of chosen.split(",")) {
	const add = parts.get(name);
	if (add === undefined) {
		console.error(`FLUXCRAFT_PARTS names ${JSON.stringify(name)}; it takes some of ${all}`);
		process.exit(1);
	}
	add(app);
}
await app.run();
