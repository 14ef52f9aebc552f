import { contract, describe, event, method } from "@allium/core";
import { expect, test } from "vitest";
import * as z from "zod";
import { Exposure } from "./exposure.ts";

const described = describe(
	contract("shop", {
		buy: method({}),
		sell: method({}),
		sold: event({ data: z.object({}) }),
		stolen: event({ data: z.object({}) }),
	}),
);

test("a description is narrowed to the methods and events that are exposed", () => {
	const narrowed = new Exposure(["shop/buy", "shop/sold"], "127.0.0.1").narrow(described);
	expect(Object.keys(narrowed.methods)).toEqual(["buy"]);
	expect(Object.keys(narrowed.events ?? {})).toEqual(["sold"]);
});

test("a description tells of no events when none is exposed", () => {
	const narrowed = new Exposure(["shop/buy"], "127.0.0.1").narrow(described);
	expect(narrowed).not.toHaveProperty("events");
});

test("a service that is exposed as a whole is described as a whole", () => {
	expect(new Exposure(["shop"], "127.0.0.1").narrow(described)).toBe(described);
});
