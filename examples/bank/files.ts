import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { dataFolder } from "@allium/sqlite";

/** A file of the bank. It lies in the folder that `BANK_FOLDER` names, or else beside the registry of this machine. */
export function bankFile(name: string): string {
	const folder = process.env.BANK_FOLDER || join(dataFolder("sqlite:"), "bank");
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	return join(folder, name);
}
