import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Examined, type Finding, ok, skipped, wrong } from "./finding.ts";

/** The least free space on the disk, in bytes. */
const leastRoom = 64 * 1024 * 1024;

/** Examines the folder in which the processes of this machine keep their shared files. */
export function examineDataFolder(location: string): Examined {
	const found = folderFinding(location, "ALLIUM_REGISTRY");
	return { findings: [found ?? skipped("the registry keeps nothing on this machine")] };
}

/**
 * The finding about the folder of a backend. Undefined if the backend keeps nothing on this machine.
 *
 * @param variable The variable that names another folder.
 */
export function folderFinding(location: string, variable: string): Finding | undefined {
	if (!location.startsWith("sqlite://")) return undefined;
	const folder = fileURLToPath(`file://${location.slice("sqlite://".length)}`);
	return existsSync(folder) ? existing(folder, variable) : missing(folder, variable);
}

function existing(folder: string, variable: string): Finding {
	const stat = statSync(folder);
	if (!stat.isDirectory()) {
		return wrong(`${folder} is no folder`, `move that file away, or name another folder with ${variable}`);
	}
	if (!mayUse(folder)) {
		return wrong(
			`${folder} may not be written by this user`,
			`give this user the folder (chown), or name another one with ${variable}`,
		);
	}
	// A user who may write there can register instances of any name.
	if (process.platform !== "win32" && (stat.mode & 0o022) !== 0) {
		return wrong(
			`other users may write to ${folder}, and so answer calls in the name of any service`,
			`let its user alone write there: chmod go-w ${folder}`,
		);
	}
	const { bavail, bsize } = statfsSync(folder);
	const room = bavail * bsize;
	if (room < leastRoom) {
		return wrong(
			`there are ${Math.floor(room / 1024 / 1024)} MiB left on the disk of ${folder}`,
			`make room there, or name a folder on another disk with ${variable}`,
		);
	}
	return ok(`${folder} can be written`);
}

/** The folder is made when it is first needed, if the permissions of its parent allow that. */
function missing(folder: string, variable: string): Finding {
	let around = dirname(folder);
	while (!existsSync(around) && dirname(around) !== around) around = dirname(around);
	if (statSync(around).isDirectory() && mayUse(around)) {
		return ok(`${folder} is made when the first service starts`);
	}
	return wrong(
		`${folder} cannot be made, as this user may not write to ${around}`,
		`make it for this user, or name another folder with ${variable}`,
	);
}

function mayUse(folder: string): boolean {
	try {
		accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
		return true;
	} catch {
		return false;
	}
}
