// Plain JavaScript for any Node from 14 on: it runs before the right Node is installed.
import {
	closeSync,
	openSync,
	readFileSync,
	renameSync,
	statSync,
	unlinkSync,
	utimesSync,
	writeSync,
} from "node:fs";

/** How often a holder touches its lock. A holder that is alive but silent for `staleAfterMs` has lost it. */
const heartbeatMs = 5_000;
const staleAfterMs = 120_000;
const pollMs = 200;

/**
 * Runs `work` while this process alone holds the lock file. It waits for another holder, and breaks the lock of a
 * process that is dead.
 *
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {(pid: number) => void} onWait Called once, if another process holds the lock.
 * @returns {Promise<T>}
 */
export async function withLock(path, work, onWait) {
	let waiting = false;
	while (!take(path)) {
		const holder = read(path);
		if (holder === undefined) continue;
		if (isStale(holder)) {
			breakLock(path, holder.content);
			continue;
		}
		if (!waiting) onWait(holder.pid);
		waiting = true;
		await new Promise((resolve) => setTimeout(resolve, pollMs));
	}
	const release = () => unlink(path);
	const heartbeat = setInterval(() => touch(path), heartbeatMs);
	process.once("exit", release);
	try {
		return await work();
	} finally {
		clearInterval(heartbeat);
		process.removeListener("exit", release);
		release();
	}
}

/** @param {string} path */
function take(path) {
	try {
		const file = openSync(path, "wx");
		writeSync(file, `${process.pid} ${Date.now()}`);
		closeSync(file);
		return true;
	} catch (error) {
		if (code(error) === "EEXIST") return false;
		throw error;
	}
}

/** @param {string} path */
function read(path) {
	try {
		const content = readFileSync(path, "utf8");
		return { content, pid: Number.parseInt(content, 10), ageMs: Date.now() - statSync(path).mtimeMs };
	} catch (error) {
		if (code(error) === "ENOENT") return undefined;
		throw error;
	}
}

/** @param {{ pid: number, ageMs: number }} holder */
function isStale({ pid, ageMs }) {
	// An empty file is being written right now, or its writer died before it wrote.
	if (Number.isNaN(pid)) return ageMs > heartbeatMs;
	return !isAlive(pid) || ageMs > staleAfterMs;
}

/** @param {number} pid */
function isAlive(pid) {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return code(error) === "EPERM";
	}
}

/**
 * If several processes find the same stale lock, one wins the rename. A process that moved a lock which another had
 * just taken puts it back.
 *
 * @param {string} path
 * @param {string} expected
 */
function breakLock(path, expected) {
	const aside = `${path}.${process.pid}`;
	try {
		renameSync(path, aside);
		if (readFileSync(aside, "utf8") === expected) unlinkSync(aside);
		else renameSync(aside, path);
	} catch (error) {
		if (code(error) !== "ENOENT") throw error;
	}
}

/** @param {string} path */
function touch(path) {
	try {
		utimesSync(path, new Date(), new Date());
	} catch {
		// Somebody removed the lock by hand. The work continues.
	}
}

/** @param {string} path */
function unlink(path) {
	try {
		unlinkSync(path);
	} catch {
		// Gone already.
	}
}

/** @param {unknown} error */
function code(error) {
	return /** @type {NodeJS.ErrnoException} */ (error).code;
}
