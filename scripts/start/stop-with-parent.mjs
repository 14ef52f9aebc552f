// Loaded into a child before its program. When the parent has gone, for whatever reason, the child stops as on
// SIGTERM. If that takes too long, it is ended.
const graceMs = 15_000;

process.once("disconnect", () => {
	setTimeout(() => process.kill(process.pid, "SIGKILL"), graceMs).unref();
	process.kill(process.pid, "SIGTERM");
});
// The program alone decides how long it runs. The channel to the parent must not keep it alive.
process.channel?.unref();

// When the parent goes, its end of the pipes goes too. The last output of a program that stops must not crash it.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});
