// Loaded into a child of `allium dev` before its program. It reports which modules the program loads and when the
// program is ready. It stops the program when the parent has gone, for whatever reason.
import { subscribe } from "node:diagnostics_channel";
import { enableCompileCache, registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { type ChildMessage, failedChannel, parentVariable, readyChannel } from "./child-message.ts";

/** How long a process gets to stop by itself. */
const graceMs = 15_000;

// A process that the program starts inherits all of this, but is not a child of `allium dev`.
if (process.env[parentVariable] === String(process.ppid) && process.send !== undefined) report();

function report(): void {
	// The next start usually follows a change of one file, and compiles only that file.
	enableCompileCache();
	registerHooks({
		load(url, context, next) {
			if (url.startsWith("file:") && !url.includes("/node_modules/")) {
				send({ allium: "module", path: fileURLToPath(url) });
			}
			return next(url, context);
		},
	});
	subscribe(readyChannel, (message) => {
		send({ allium: "ready", addresses: (message as { addresses: readonly string[] }).addresses });
	});
	subscribe(failedChannel, (message) => sayIfPortTaken((message as { error: unknown }).error));
	process.on("uncaughtExceptionMonitor", sayIfPortTaken);
	process.once("disconnect", stop);
	// The program alone decides how long it runs. The channel to the parent must not keep it alive.
	process.channel?.unref();
	// When the parent goes, its end of the pipes goes too. The last output of a program that stops must not crash it.
	process.stdout.on("error", () => {});
	process.stderr.on("error", () => {});
}

function send(message: ChildMessage): void {
	// A failure to send is ignored: a closed channel means that the parent has gone.
	if (process.connected) process.send?.(message, undefined, {}, () => {});
}

function sayIfPortTaken(error: unknown): void {
	for (let cause = error; cause instanceof Error; cause = cause.cause) {
		if ("code" in cause && cause.code === "EADDRINUSE") send({ allium: "port-taken" });
	}
}

function stop(): void {
	setTimeout(() => process.kill(process.pid, "SIGKILL"), graceMs).unref();
	process.kill(process.pid, "SIGTERM");
}
