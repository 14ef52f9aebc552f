import { expect, test } from "vitest";
import { appIdentity, parseAppIdentity } from "./app-identity.ts";

test("the identity of an app is a SPIFFE ID of its namespace and its name", () => {
	expect(appIdentity({ namespace: "blue", app: "shop" })).toBe("spiffe://blue/shop");
	expect(parseAppIdentity("spiffe://blue/shop")).toEqual({ namespace: "blue", app: "shop" });
});

test.each([
	"shop",
	"shop.example",
	"spiffe://blue",
	"spiffe://blue/",
	"spiffe://cluster.local/ns/blue/sa/shop",
	"spiffe://blue/shop/",
	"spiffe://blue/sh op",
	"https://blue/shop",
	"xspiffe://blue/shop",
])("%s is not the identity of an app", (identity) => {
	expect(parseAppIdentity(identity)).toBeUndefined();
});
