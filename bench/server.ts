// One server process of the benchmark: serves a stack, and says its processor time when asked.
import type { Assignment } from "./protocol.ts";
import type { Stack } from "./stack.ts";

const { stack: file } = JSON.parse(process.argv[2] ?? "{}") as Assignment;
const { default: stack } = (await import(`./stacks/${file}`)) as { default: Stack };
const server = await stack.serve();

process.on("message", () => process.send?.({ cpuSeconds: cpuSeconds() }));
process.on("disconnect", async () => {
	await server.close();
	process.exit();
});
process.send?.({ address: server.address });

function cpuSeconds(): number {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1e6;
}
