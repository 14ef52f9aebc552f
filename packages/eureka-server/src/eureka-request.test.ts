import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { readInstance } from "./eureka-instance.ts";
import { readBody } from "./eureka-request.ts";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

const padding = 60_000;

/** A registration with a long comment, or a long member that nobody reads. */
function registration(type: string, index: number): Uint8Array {
	const instance = {
		instanceId: `the-instance-number-${index}`,
		hostName: `a-long-name-${index}.example.org`,
		app: "AN-APP-WITH-A-LONG-NAME",
	};
	const pad = "x".repeat(padding) + index;
	const xml = Object.entries(instance).map(([name, value]) => `<${name}>${value}</${name}>`);
	const text =
		type === "application/xml"
			? `<instance>${xml.join("")}<!--${pad}--></instance>`
			: JSON.stringify({ instance: { ...instance, pad } });
	return new TextEncoder().encode(text);
}

test.each(["application/xml", "application/json"])(
	"an instance that came as %s does not hold the body that it came in",
	(type) => {
		const kept: unknown[] = [];
		collect();
		const before = process.memoryUsage().heapUsed;
		for (let index = 0; index < 300; index++) {
			kept.push(readInstance(readBody(registration(type, index), type), "AN-APP-WITH-A-LONG-NAME"));
		}
		collect();
		const bytes = (process.memoryUsage().heapUsed - before) / kept.length;
		expect(bytes).toBeLessThan(padding / 4);
	},
);
