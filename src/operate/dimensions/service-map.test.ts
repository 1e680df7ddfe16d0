import { describe, expect, it } from "vitest";
import { csvRecords } from "./csv-records.ts";
import { parseServiceMap } from "./service-map.ts";

const header = "service,service_group,is_active,description";
const read = (text: string) => parseServiceMap("map.csv", text);

describe("csvRecords()", () => {
  it("reads quoted fields with commas, quotes and line ends, and says in which line a record begins", () => {
    expect(csvRecords('a,"b, ""c""",d\r\n\r\n"two\nlines",,x\nlast')).toEqual([
      { line: 1, fields: ["a", 'b, "c"', "d"] },
      { line: 3, fields: ["two\nlines", "", "x"] },
      { line: 5, fields: ["last"] },
    ]);
    expect(csvRecords("")).toEqual([]);
    expect(csvRecords('a,""')).toEqual([{ line: 1, fields: ["a", ""] }]);
  });

  it.each([
    ['a\n"b', 2, "never closed"],
    ['a,b"c', 1, "in the middle of a field"],
    ['"a\nb"c', 2, "after a closing quote"],
  ])("refuses %j in line %i", (text, line, message) => {
    expect(() => csvRecords(text)).toThrow(
      expect.objectContaining({ line, message: expect.stringContaining(message) }),
    );
  });
});

describe("parseServiceMap()", () => {
  it("reads the replaced system's file, with a byte order mark and columns in another order, too", () => {
    const auth = { service: "auth", service_group: "account", is_active: 1, description: null };
    const pay = { service: "pay", service_group: "money", is_active: 0, description: "cards, and more" };
    expect(read(`${header}\nauth,account,1,\npay,money,false,"cards, and more"\n`)).toEqual([auth, pay]);
    expect(read("\uFEFFis_active, service ,description,service_group\r\ntrue, auth ,,account\r\n")).toEqual([auth]);
    expect(read(header)).toEqual([]);
  });

  it.each([
    ["", "the file is empty: its first line must be service,service_group,is_active,description"],
    [
      "auth,account,1,\n",
      "line 1: its first line must be service,service_group,is_active,description, and not auth,account,1,",
    ],
    [`${header}\nauth,account,1\n`, "map.csv cannot be taken for a service map: line 2: has 3 of 4 fields"],
    [`${header}\nauth,account,1,a, b\n`, "line 2: has 5 of 4 fields: a text with a comma must be in quotes"],
    [`${header}\n\n,account,1,\n`, "line 3: the service has no name"],
    [`${header}\nauth,,1,\n`, "line 2: auth has no service_group"],
    [`${header}\nauth,account,yes,\n`, 'line 2: is_active "yes" must be 1 or 0'],
    [`${header}\nauth,a,1,\nauth,b,1,\n`, "line 3: the service auth is in line 2 already"],
    [`${header}\n"auth,a,1,\n`, "line 2: a quote is opened and never closed"],
  ])("refuses %j and says where", (text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(expect.objectContaining({ code: "E_CONFIG" }));
  });

  it("names several faults at once, and not all of a file of another kind", () => {
    const lines = Array.from({ length: 9 }, (_, index) => `s${index},g,x,`).join("\n");
    expect(() => read(`${header}\n${lines}`)).toThrow(/line 2: .*\n {2}line 3: .*\n[\s\S]*line 6: .*\n {2}and 4 more$/);
  });
});
