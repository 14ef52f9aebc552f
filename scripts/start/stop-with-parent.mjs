// Loaded into a child before its program: when the parent is gone, however it went, the child stops as on
// SIGTERM, and is ended should that take too long.
const graceMs = 15_000;

process.once("disconnect", () => {
	setTimeout(() => process.kill(process.pid, "SIGKILL"), graceMs).unref();
	process.kill(process.pid, "SIGTERM");
});
// The program alone decides how long it runs, not the channel to the parent.
process.channel?.unref();

// With the parent its end of the pipes is gone: the last words of a program that stops must not crash it.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});
