// The last step of the night, whatever happened before it: it tells later mods and the log which day was worked on.
import { defineMod, Type } from "@datapy/mod-kit";

export default defineMod({
  metadata: {
    name: "sign-off",
    version: "1.0.0",
    description: "Notes that the work on a day has ended",
    category: "solo",
  },
  params: Type.Object({ day: Type.String({ description: "Day that was worked on" }) }),
  run({ day }, ctx) {
    ctx.log.info("work on the day has ended", { day });
    ctx.result.addGlobal("signed_off", day);
    return ctx.result.success();
  },
});
