// Makes bank_statement.txt, postings.csv and postings.ctl, and control_totals.csv, always the same ones: `node data/generate.mjs` in the
// project. Trailer and control file are taken from the movements before any of them is written as text, in whole cents; the control totals
// of the receipts are sums of whole numbers. So none of them goes through what the jobs read, cast, transform and add up with.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Numbers from 0 to 1 that look random and are the same every time (a linear congruential generator). */
function sequence(seed) {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

const next = sequence(20_240_812);
const pick = (list) => list[Math.floor(next() * list.length)];
const cents = (amount) => (amount / 100).toFixed(2);

const movements = Array.from({ length: 400 }, (_, index) => ({
  reference: `TX${String(100_001 + index)}`,
  account: pick(["0412", "0413", "0871"]),
  amount: Math.round((next() - 0.35) * 500_000),
  text: pick(["Customs duties", "Excise, quarter", "Refund", "Deposit of receipts", "Fees"]),
}));
const sum = movements.reduce((total, { amount }) => total + amount, 0);
const statement = [
  "reference|account|booked_on|amount|text",
  ...movements.map(({ reference, account, amount, text }) => `${reference}|${account}|2024-08-12|${cents(amount)}|${text}`),
  `TRAILER|${movements.length}|${sum}`,
];
writeFileSync(here("bank_statement.txt"), `${statement.join("\n")}\n`);

// What the ledger has: three movements are not booked yet, one has two digits in the wrong order, one the bank does not know, and one
// line was damaged by a comma in its text.
const missing = new Set(["TX100017", "TX100203", "TX100388"]);
const ledger = movements
  .filter(({ reference }) => !missing.has(reference))
  .map(({ reference, account, amount, text }) => ({
    reference,
    account,
    amount: reference === "TX100077" ? amount + 1_800 : amount,
    text: reference === "TX100150" ? "Excise, quarter" : text.replace(",", ""),
  }));
ledger.push({ reference: "TX999001", account: "0871", amount: 12_500, text: "Fees" });
const postings = ledger.map(
  ({ reference, account, amount, text }) => `${reference},${account},2024-08-12,${cents(amount)},${text}`,
);
writeFileSync(here("postings.csv"), `reference,account,booked_on,amount,text\n${postings.join("\n")}\n`);
const booked = ledger.reduce((total, { amount }) => total + amount, 0);
writeFileSync(here("postings.ctl"), `POSTINGS|2024-08-12|${ledger.length}|${booked}\n`);

const receipts = JSON.parse(readFileSync(here("receipts.json"), "utf8"));
const years = Object.keys(receipts[0]).filter((key) => /^\d{4}$/.test(key) && Number(key) <= 2014);
const totals = years.map((year) => {
  const total = receipts.reduce((all, row) => all + BigInt(row[year].replaceAll(",", "").trim() || "0"), 0n);
  return `${year},${total}`;
});
writeFileSync(here("control_totals.csv"), `fiscal_year,receipts\n${totals.join("\n")}\n`);
