import { describe, expect, test } from "vitest";
import { parseAmqpUrl, placeOf } from "./amqp-url.ts";

describe("a URL of RabbitMQ", () => {
	test("names servers, user, password, virtual host and namespace", () => {
		const url = "amqp://me:p%40%3Ass@a,b:5673/team%2Fshop?namespace=orders";
		expect(parseAmqpUrl(url)).toMatchObject({
			hosts: ["a:5672", "b:5673"],
			user: "me",
			password: "p@:ss",
			vhost: "team/shop",
			namespace: "orders",
			tls: false,
		});
	});

	test("has the defaults of RabbitMQ", () => {
		const { user, password, vhost, namespace } = parseAmqpUrl("amqp://a");
		expect({ user, password, vhost, namespace }).toEqual({
			user: "guest",
			password: "guest",
			vhost: "/",
			namespace: "allium",
		});
		expect(parseAmqpUrl("amqps://a")).toMatchObject({ tls: true, hosts: ["a:5671"] });
	});

	test("is overruled by options", () => {
		const options = { password: "new", namespace: "b" };
		expect(parseAmqpUrl("amqp://me:old@a?namespace=a", options)).toMatchObject(options);
	});

	test("is shown without its password", () => {
		expect(placeOf(parseAmqpUrl("amqp://me:secret@a/shop"))).toBe("amqp://me:***@a:5672/shop");
	});

	test.each([
		["http://a", "no URL of RabbitMQ"],
		["amqp://a:99999", "host:port"],
		["amqp://me:%zz@a", "percent-encoded"],
		["amqp://a?name=b", '"name" is no parameter'],
		["amqp://a?namespace=a/b", "namespace has at most"],
		["amqp://a?ca=b.pem", "write amqps://"],
		["amqps://a?cert=b.pem", "cert and key go together"],
	])("%s is refused: %s", (url, message) => {
		expect(() => parseAmqpUrl(url)).toThrow(message);
	});
});
