// Installs the real servers that tests use: npm run services, or npm run services -- <names>.
import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type ServerName, serverProgram, serversFolder } from "@allium/testing/servers";
import { type Source, servers } from "./services/servers.ts";
import { root } from "./workspace/root.ts";

const usage = `npm run services [-- names]

Installs the real servers that tests use, from packages of Debian, into ${serversFolder}:
  ${Object.keys(servers).join(", ")}
Without names it installs all of them. What is installed already is left alone. Tests start the servers themselves.`;

const folder = join(root, serversFolder);
const args = process.argv.slice(2);

if (args.includes("--help")) {
	console.log(usage);
} else {
	const unknown = args.find((name) => !isServerName(name));
	if (unknown !== undefined) {
		console.error(`There is no server ${JSON.stringify(unknown)}.\n\n${usage}`);
		process.exitCode = 2;
	} else if (spawnSync("apt-get", ["--version"]).error !== undefined) {
		console.error(
			"The servers come from packages of Debian, and apt-get is not here. Tests that need them are skipped.",
		);
		process.exitCode = 1;
	} else {
		const names = Object.keys(servers).filter(isServerName);
		for (const name of args.length === 0 ? names : names.filter((name) => args.includes(name))) provide(name);
	}
}

function isServerName(name: string): name is ServerName {
	return Object.hasOwn(servers, name);
}

function provide(name: ServerName): void {
	const started = performance.now();
	const known = serverProgram(name);
	if (known === undefined) {
		const failure = install(name, servers[name]);
		if (failure !== undefined) {
			console.error(`✗ ${name}: ${failure}`);
			process.exitCode = 1;
			return;
		}
	}
	const took =
		known === undefined ? `installed in ${((performance.now() - started) / 1000).toFixed(1)} s` : "is there";
	console.log(`✓ ${name}: ${took}, ${serverProgram(name)}`);
}

/** Returns what went wrong; undefined if the server is installed. */
function install(name: ServerName, source: Source): string | undefined {
	const failure = source.kind === "installed" ? installPackages(source.packages) : unpack(name, source);
	if (failure !== undefined) return failure;
	return serverProgram(name) === undefined ? "its packages do not hold its program" : undefined;
}

/** Unpacks beside the final folder, so that an installation that was interrupted is not taken for one that is done. */
function unpack(name: ServerName, { suite, packages }: Source & { kind: "unpacked" }): string | undefined {
	const target = join(folder, name);
	const partial = `${target}.partial`;
	rmSync(partial, { recursive: true, force: true });
	rmSync(target, { recursive: true, force: true });
	mkdirSync(folder, { recursive: true });
	const failure = run(join(root, "scripts/services/unpack-debian.sh"), [suite, partial, ...packages]);
	if (failure === undefined) renameSync(partial, target);
	return failure;
}

function installPackages(packages: readonly string[]): string | undefined {
	const install = ["install", "-y", "-qq", "--no-install-recommends", ...packages];
	return run("apt-get", ["update", "-qq"]) ?? run("apt-get", install);
}

/** Returns the end of what a command printed if it failed. */
function run(command: string, args: readonly string[]): string | undefined {
	const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
	const { status, error, stdout, stderr } = spawnSync(command, args, { env, encoding: "utf8" });
	if (status === 0) return undefined;
	return (
		error?.message ??
		`${command} ended with ${status}:\n${`${stdout}${stderr}`.trim().split("\n").slice(-5).join("\n")}`
	);
}
