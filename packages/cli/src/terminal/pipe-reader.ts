import { type ChildProcess, spawn } from "node:child_process";
import { fstatSync } from "node:fs";

/**
 * Calls back when nobody reads a pipe any more. Node tells that only of a write, so GNU tail watches the pipe: a
 * process of it, with this output, is killed when the reader has gone, and ends with this process. It does nothing for
 * another kind of output, and where there is no GNU tail. Returns a function that ends the watch.
 *
 * @param fd the writing end of the pipe.
 */
export function watchPipe(fd: number, onUnread: () => void): () => void {
	if (!fstatSync(fd).isFIFO()) return () => {};
	const watch: ChildProcess = spawn("tail", ["-f", `--pid=${process.pid}`, "/dev/null"], {
		stdio: ["ignore", fd, "ignore"],
	});
	watch.on("error", () => {});
	watch.on("exit", (_, signal) => {
		if (signal === "SIGPIPE") onUnread();
	});
	watch.unref();
	return () => void watch.kill();
}
