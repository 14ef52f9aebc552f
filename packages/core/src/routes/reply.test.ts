import { describe, expect, test } from "vitest";
import type { ErrorTemplates, Route } from "../contract/route.ts";
import { ServiceError } from "../errors/service-error.ts";
import { routeErrorReply } from "./error-reply.ts";
import { routeReply } from "./output-reply.ts";

const error = new ServiceError({ code: "not_found", reason: "no_match", message: 'no match "7"\n</p>$&' });

describe("an error", () => {
	const json = (body: string, status?: number): ErrorTemplates => ({
		"*": { type: "application/json", body, ...(status !== undefined && { status }) },
	});

	test("without a template is JSON with code, message, reason and data", () => {
		const withData = new ServiceError({
			code: "out_of_range",
			reason: "too_far",
			message: "no",
			data: { max: 1 },
		});
		const { status, headers, body } = routeErrorReply({}, withData);
		expect({ status, headers }).toEqual({ status: 400, headers: { "content-type": "application/json" } });
		expect(JSON.parse(body)).toEqual({
			code: "out_of_range",
			message: "no",
			reason: "too_far",
			data: { max: 1 },
		});
	});

	test("inside JSON is escaped as a part of a string", () => {
		const reply = routeErrorReply(json('{"error":"{message}","why":"{reason}/{code}"}\n'), error);
		expect(reply.status).toBe(404);
		expect(reply.body).toBe('{"error":"no match \\"7\\"\\n</p>$&","why":"no_match/not_found"}\n');
		expect(JSON.parse(reply.body)).toEqual({ error: error.message, why: "no_match/not_found" });
	});

	test("in a page is escaped as text of a page, and stays as it is in plain text", () => {
		const page = { "*": { type: "text/html", body: "<p>{message}</p>" } };
		expect(routeErrorReply(page, error).body).toBe("<p>no match &quot;7&quot;\n&lt;/p&gt;$&amp;</p>");
		const plain = { "*": { type: "text/plain; charset=utf-8", body: "{message}" } };
		expect(routeErrorReply(plain, error)).toEqual({
			status: 404,
			headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
			body: error.message,
		});
	});

	test("may have its status alone changed", () => {
		expect(routeErrorReply({ no_match: { status: 409 } }, error)).toEqual({
			status: 409,
			headers: { "content-type": "application/json", "x-content-type-options": "nosniff" },
			body: JSON.stringify({ code: "not_found", message: error.message, reason: "no_match" }),
		});
		const problem = { no_match: { type: "application/problem+json" } };
		expect(routeErrorReply(problem, error)).toMatchObject({
			status: 404,
			headers: { "content-type": "application/problem+json" },
		});
	});

	test("shows its data where the template says so, as text or as a value", () => {
		const data = { max: 7, near: ["6", '"8"'], unit: { name: "<kg>" }, none: null };
		const failed = new ServiceError({ code: "out_of_range", reason: "heavy", data });
		const filled = (body: string, type?: string) =>
			routeErrorReply({ heavy: { body, ...(type !== undefined && { type }) } }, failed).body;
		expect(filled('{"max":{data.max},"unit":"at most {data.max} {data.unit.name}"}')).toBe(
			'{"max":7,"unit":"at most 7 <kg>"}',
		);
		expect(
			JSON.parse(filled('{"all":{data},"text":"{data.near}","none":{data.none},"no":{data.other.x}}')),
		).toEqual({
			all: data,
			text: '["6","\\"8\\""]',
			none: null,
			no: null,
		});
		expect(JSON.parse(filled('{"why":{reason},"is":{message}}'))).toEqual({
			why: "heavy",
			is: failed.message,
		});
		expect(filled("{data.max} {data.unit.name}{data.constructor}{data.__proto__}", "text/html")).toBe(
			"7 &lt;kg&gt;",
		);
	});

	test("has the template of its reason, else the one for all", () => {
		const templates = { ...json("{}"), no_match: { status: 410, type: "text/plain", body: "gone" } };
		expect(routeErrorReply(templates, error)).toMatchObject({ status: 410, body: "gone" });
		const other = new ServiceError({ code: "aborted", reason: "constructor" });
		expect(routeErrorReply(templates, other)).toMatchObject({ status: 409, body: "{}" });
		expect(routeErrorReply(templates, new ServiceError({ code: "aborted" }))).toMatchObject({ status: 409 });
	});

	test("keeps a status of HTTP itself, unless the template is for that very reason", () => {
		const refused = new ServiceError({ code: "invalid_argument", reason: "unsupported_media_type" });
		expect(routeErrorReply({}, refused, 415).status).toBe(415);
		expect(routeErrorReply(json("{}", 400), refused, 415).status).toBe(415);
		const own = { unsupported_media_type: { status: 400, type: "text/plain", body: "?" } };
		expect(routeErrorReply(own, refused, 415).status).toBe(400);
	});

	test("an unknown placeholder stays, and a missing reason is empty", () => {
		const reply = routeErrorReply(
			json('{"a":"{other}","b":"{reason}"}'),
			new ServiceError({ code: "internal" }),
		);
		expect(reply.body).toBe('{"a":"{other}","b":""}');
	});
});

describe("an output", () => {
	const route = (status: number, headers: Record<string, string> = {}): Route => ({
		method: "create",
		verb: "POST",
		path: "/matches",
		status,
		headers,
		errors: {},
	});

	test("is JSON under the route's status and headers", () => {
		expect(routeReply(route(201, { location: "/matches/{id}" }), { id: "a1" })).toEqual({
			status: 201,
			headers: { location: "/matches/a1", "content-type": "application/json" },
			body: '{"id":"a1"}',
		});
	});

	test("cannot break out of a header", () => {
		const { headers } = routeReply(route(201, { location: "/matches/{id}" }), {
			id: "a/../b\r\nx: y ä\ud800",
		});
		expect(headers.location).toBe("/matches/a%2F..%2Fb%0D%0Ax%3A%20y%20%C3%A4%EF%BF%BD");
	});

	test.each([
		[{}],
		[{ id: null }],
		[{ id: { a: 1 } }],
		[null],
		["text"],
		[Object.create({ id: "inherited" })],
	])("without the property leaves the header out: %j", (output) =>
		expect(routeReply(route(201, { location: "/matches/{id}" }), output).headers).not.toHaveProperty(
			"location",
		),
	);

	test("has no body where the status forbids one", () => {
		expect(routeReply(route(204, { etag: '"{v}"' }), { v: 7 })).toEqual({
			status: 204,
			headers: { etag: '"7"' },
			body: "",
		});
	});
});
