// Plain JavaScript for any Node from 14 on: it runs before the right Node is installed.
import { spawn } from "node:child_process";
import { basename } from "node:path";

/**
 * Installs what the lockfile says.
 *
 * @param {string} root
 * @returns {Promise<string | undefined>} one sentence when it failed
 */
export async function install(root) {
	const old = oldNpm(process.env.npm_config_user_agent);
	if (old !== undefined)
		return `npm ${old} is too old for this repository: install npm 8 or newer (npm install -g npm).`;
	const { status, output } = await runNpm(root, [
		"ci",
		// NODE_ENV=production or an "omit" setting would leave out what the scripts run on.
		"--include=dev",
		"--include=optional",
		"--prefer-offline",
		// Without a network this fails after about 10 s instead of 70.
		"--fetch-retries=2",
		"--fetch-retry-mintimeout=2000",
		"--fetch-retry-factor=4",
		"--no-audit",
		"--no-fund",
		"--loglevel=error",
	]);
	return status === 0 ? undefined : explain(output);
}

/**
 * @param {string} output what npm printed before it failed
 * @returns {string}
 */
export function explain(output) {
	const network =
		/\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT)\b/.exec(
			output,
		);
	if (network !== null) {
		return `Could not install the dependencies: the npm registry cannot be reached (${network[1]}). Check the network or npm's "registry" and "proxy" settings, then try again.`;
	}
	if (/\bEUSAGE\b/.test(output)) {
		return 'Could not install the dependencies: package-lock.json does not fit the package.json files; run "npm install" and commit the lockfile.';
	}
	return `${output.trim()}\nCould not install the dependencies: "npm ci" failed as shown above.`;
}

/**
 * The version of an npm that does not know workspaces, else undefined.
 *
 * @param {string | undefined} agent as npm tells it, such as `npm/10.8.2 node/v20.20.2 linux x64`
 * @returns {string | undefined}
 */
export function oldNpm(agent) {
	const version = /^npm\/(\d+)\.(\S+)/.exec(agent || "");
	return version !== null && Number(version[1]) < 8 ? `${version[1]}.${version[2]}` : undefined;
}

/**
 * @param {string} root
 * @param {string[]} args
 * @returns {Promise<{ status: number, output: string }>}
 */
function runNpm(root, args) {
	const [command, ...before] = npmCommand();
	return new Promise((resolve) => {
		const child = spawn(/** @type {string} */ (command), [...before, ...args], {
			cwd: root,
			stdio: ["ignore", "pipe", "pipe"],
			shell: process.platform === "win32" && before.length === 0,
		});
		const stop = () => child.kill("SIGTERM");
		process.once("SIGTERM", stop);
		process.once("SIGINT", stop);
		let output = "";
		const collect = (/** @type {Buffer} */ chunk) => {
			output = (output + chunk).slice(-16_384);
		};
		child.stdout.on("data", collect);
		child.stderr.on("data", collect);
		child.once("error", (error) => resolve({ status: 1, output: `npm cannot be started: ${error.message}` }));
		child.once("close", (code) => {
			process.removeListener("SIGTERM", stop);
			process.removeListener("SIGINT", stop);
			resolve({ status: code === null ? 1 : code, output });
		});
	});
}

/**
 * The npm that runs this script, started by its own Node: the one in node_modules is removed while it runs.
 *
 * @returns {string[]}
 */
function npmCommand() {
	const { npm_execpath: script, npm_node_execpath: node } = process.env;
	const isNpm = script !== undefined && node !== undefined && /^npm(-cli)?\.[cm]?js$/.test(basename(script));
	return isNpm ? [/** @type {string} */ (node), /** @type {string} */ (script)] : ["npm"];
}
