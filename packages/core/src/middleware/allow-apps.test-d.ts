import { chain, type Middleware, only } from "../endpoint/endpoint.ts";
import { allowApps } from "./allow-apps.ts";

// It is middleware, for a service or for some of its methods.
const forAll: Middleware = allowApps(["shop"]);
const forSome: Middleware = only(["take", "give"], allowApps(["shop", "web"] as const));
void chain(forAll, forSome);

// @ts-expect-error one name is no list
allowApps("shop");
// @ts-expect-error names are texts
allowApps([1]);
// @ts-expect-error a list is needed
allowApps();
