// Measures how soon a service of Allium answers. It reports its address when it is ready, and the processor time that
// this took when it ends.
import { allium, contract, method, silentLogger } from "allium";
import * as z from "zod";

const Add = contract("add", {
	sum: method({
		input: z.object({ a: z.int(), b: z.int() }),
		output: z.object({ v: z.int() }),
		effect: "read",
	}),
});
const app = allium({ name: "cold", logger: silentLogger });
app.serve(Add, { sum: async ({ a, b }) => ({ v: a + b }) });
await app.start();
console.log(`${app.addresses.find((url) => url.startsWith("http:"))}/add/sum`);
process.stdin.resume().on("end", () => {
	console.log(JSON.stringify(process.cpuUsage()));
	void app.stop();
});
