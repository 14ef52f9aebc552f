// Installs what the lockfile says when it is not there yet. npm runs it before every script of this
// repository. Plain JavaScript without dependencies, for any Node from 14 on.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { install } from "./setup/install.mjs";
import { whatIsMissing } from "./setup/installed.mjs";
import { withLock } from "./setup/lock.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

async function setUp() {
	if (whatIsMissing(root) === undefined) return;
	await withLock(join(root, ".setup.lock"), installMissing, (pid) => {
		console.log(`Waiting for another installation (process ${pid}) …`);
	});
}

async function installMissing() {
	const missing = whatIsMissing(root);
	if (missing === undefined) return;
	const started = Date.now();
	console.log(`Installing the dependencies and Node 26 into node_modules (${missing}) …`);
	const failure = await install(root);
	if (failure !== undefined) throw new Error(failure);
	if (process.platform === "win32") writeExec();
	console.log(`Installed in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
}

/**
 * The scripts in package.json say "exec", so that no shell stands between npm and them and takes the signals. The
 * shell of Windows has no such command.
 */
function writeExec() {
	writeFileSync(join(root, "node_modules/.bin/exec.cmd"), "@%*\r\n");
}

setUp().catch((error) => {
	console.error(error.message);
	process.exitCode = 1;
});
