// One server process of the benchmark. It serves a stack, and reports its usage when asked.
import type { Ready } from "../protocol.ts";
import type { Stack } from "../stack.ts";
import { usage } from "../usage.ts";
import { answerParent, assignment } from "./serving.ts";

await answerParent(async () => {
	const { file, variant } = assignment();
	const { default: stack } = (await import(`../${file}`)) as { default: Stack };
	if (stack.serve === undefined) throw new TypeError(`${file} serves nothing`);
	const { address, helpers = [], close } = await stack.serve(variant);
	const ready: Ready = { name: stack.name, address, helpers };
	return { ready, answer: () => usage(helpers), close: () => close() };
});
