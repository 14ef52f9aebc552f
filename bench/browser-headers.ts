/** The headers that a browser sends with a call of a page, besides the type and the length of the body. */
export const browserHeaders: Readonly<Record<string, string>> = {
	accept: "*/*",
	"accept-encoding": "gzip, deflate, br, zstd",
	"accept-language": "en-GB,en;q=0.9,de;q=0.8",
	"cache-control": "no-cache",
	cookie: "theme=dark; session=3f0c1b8e6a5d4c7f9e2b1a0d8c6f4e3b",
	pragma: "no-cache",
	referer: "http://127.0.0.1/add?from=page",
	"sec-ch-ua": '"Chromium";v="152", "Not.A/Brand";v="8"',
	"sec-ch-ua-mobile": "?0",
	"sec-ch-ua-platform": '"Linux"',
	"sec-fetch-dest": "empty",
	"sec-fetch-mode": "cors",
	"sec-fetch-site": "same-origin",
	"user-agent":
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/152.0.0.0 Safari/537.36",
};
