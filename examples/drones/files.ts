import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { dataFolder } from "@allium/sqlite";

/** A file of the drones. It lies in the folder that `DRONES_FOLDER` names, or else beside the registry of this machine. */
export function dronesFile(name: string): string {
	const folder = process.env.DRONES_FOLDER || join(dataFolder("sqlite:"), "drones");
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	return join(folder, name);
}
