import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("peers/", import.meta.url);
const lockfile = new URL("package-lock.json", folder);
/** A copy of the lockfile from which the peers were installed. */
const installed = new URL("node_modules/.installed.json", folder);

/** Returns the packages that the benchmark compares with, each with its version. */
export function peerVersions(): string[] {
	const manifest = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as {
		readonly dependencies: Readonly<Record<string, string>>;
	};
	return Object.entries(manifest.dependencies).map(([name, version]) => `${name} ${version}`);
}

/**
 * Installs the peers unless they are installed as their lockfile says. They are not part of the workspace, because
 * only the benchmark needs them.
 *
 * @returns Why they are missing, if they are.
 */
export async function installPeers(say: (line: string) => void): Promise<string | undefined> {
	if (existsSync(installed) && readFileSync(installed).equals(readFileSync(lockfile))) return undefined;
	say("installing what Allium is compared with into bench/peers/node_modules, about 90 MB, once …");
	const npm = process.platform === "win32" ? "npm.cmd" : "npm";
	const args = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
	const child = spawn(npm, args, {
		cwd: fileURLToPath(folder),
		stdio: ["ignore", "ignore", "inherit"],
		shell: process.platform === "win32",
	});
	try {
		const [code] = await once(child, "exit");
		if (code !== 0) return `its packages could not be installed: npm ci in bench/peers ended with ${code}`;
	} catch (error) {
		return `its packages could not be installed: ${error instanceof Error ? error.message : error}`;
	}
	copyFileSync(lockfile, installed);
	return undefined;
}
