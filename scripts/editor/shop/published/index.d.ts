import * as z from "zod";
/** What lies on the shelves of a shop. */
export declare const Stock: import("@allium/core").Contract<{
    /** Counts the pieces of an article. */
    readonly count: import("@allium/core").MethodSpec<z.ZodObject<{
        article: z.ZodString;
    }, z.core.$strip>, z.ZodObject<{
        pieces: z.ZodInt;
    }, z.core.$strip>, Readonly<Record<never, never>>, "read">;
    /** Takes pieces from the shelf. */
    readonly take: import("@allium/core").MethodSpec<z.ZodObject<{
        article: z.ZodString;
        pieces: z.ZodInt;
    }, z.core.$strip>, z.ZodObject<{
        left: z.ZodInt;
    }, z.core.$strip>, {
        /** Fewer pieces are left than were asked for. */
        readonly too_few: {
            readonly code: "failed_precondition";
            readonly data: z.ZodObject<{
                left: z.ZodInt;
            }, z.core.$strip>;
        };
        /** The shop is closed. */
        readonly closed: {
            readonly code: "unavailable";
            readonly message: "the shop is closed";
        };
    }, "write">;
    /** Tells of every article that runs out. */
    readonly watch: import("@allium/core").MethodSpec<z.ZodObject<{
        below: z.ZodInt;
    }, z.core.$strip>, import("@allium/core").StreamOf<z.ZodObject<{
        article: z.ZodString;
    }, z.core.$strip>>, Readonly<Record<never, never>>, "read">;
    /** Pieces were sold. */
    readonly sold: import("@allium/core").EventSpec<z.ZodObject<{
        article: z.ZodString;
        pieces: z.ZodDefault<z.ZodInt>;
    }, z.core.$strip>>;
}>;
