import { expect, test } from "vitest";
import * as z from "zod";
import { contract } from "../contract/contract.ts";
import { event } from "../contract/event.ts";
import { method } from "../contract/method.ts";
import { Endpoints } from "./endpoints.ts";

const Add = contract("add", { sum: method({}), concat: method({}) });
const Greeter = contract("greeter.v2", { hello: method({}) });
const add = { async sum() {}, async concat() {} };

test("methods are found by their path", () => {
	const endpoints = new Endpoints();
	endpoints.serve(Add, add);
	endpoints.serve(Greeter, { async hello() {} });
	expect(endpoints.find("add/sum")?.method).toBe(Add.sum);
	expect(endpoints.find("greeter.v2/hello")?.method).toBe(Greeter.hello);
	expect(endpoints.contracts).toEqual([Add, Greeter]);
});

test("a service that is not served is not found", () => {
	const endpoints = new Endpoints();
	endpoints.serve(Add, add);
	for (const path of ["add/diff", "add", "/add/sum", "sum", "", "__proto__"]) {
		expect(endpoints.find(path)).toBeUndefined();
	}
});

test("a name is served once", () => {
	const endpoints = new Endpoints();
	endpoints.serve(Add, add);
	expect(() => endpoints.serve(Add, add)).toThrow('service "add" is served already');
});

test("a service that lacks a method is refused as a whole", () => {
	const endpoints = new Endpoints();
	// @ts-expect-error the method is missing
	expect(() => endpoints.serve(Add, { async sum() {} })).toThrow(
		'the service for "add" lacks the method "concat"',
	);
	expect([endpoints.find("add/sum"), endpoints.contracts]).toEqual([undefined, []]);
});

test("a contract may have events alone, which are not called", () => {
	const endpoints = new Endpoints();
	const News = contract("news", { told: event({ data: z.object({}) }) });
	endpoints.serve(News, {});
	expect(endpoints.contracts).toEqual([News]);
	expect(endpoints.find("news/told")).toBeUndefined();
});

test("a listener is told of each service that comes, until it stops, whatever another listener throws", () => {
	const logged: string[] = [];
	const endpoints = new Endpoints({ logger: { log: (_, message) => void logged.push(message) } });
	const told: number[] = [];
	endpoints.onChange(() => {
		throw new Error("mine");
	});
	const stop = endpoints.onChange(() => void told.push(endpoints.contracts.length));
	endpoints.serve(Add, add);
	stop();
	endpoints.serve(Greeter, { async hello() {} });
	expect(told).toEqual([1]);
	expect(logged).toEqual(Array(2).fill("a listener to changes of what is served threw"));
});
