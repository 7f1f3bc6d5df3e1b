import type { YamlDocument, YamlNode } from "../config/yaml-document.js";
import { fault } from "../errors.js";
import type { FindingList } from "./finding.js";

/** Warns of numbers such as `00123`: YAML reads 123, and the zeros, which a number of an account needs, are gone. */
export function checkLeadingZeros(document: YamlDocument, findings: FindingList): void {
  const seen = new Set<YamlNode>();
  const visit = (node: YamlNode): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.kind === "mapping") for (const entry of node.entries) visit(entry.node);
    else if (node.kind === "sequence") node.items.forEach(visit);
    else if (typeof node.value === "number" && node.plain) {
      const given = document.text.slice(node.offset, node.end);
      if (!/^[-+]?0\d/.test(given)) return;
      findings.warning(
        fault("DATAPY_YAML_LEADING_ZERO", { given, value: node.value }, { location: document.location(node.offset) }),
      );
    }
  };
  visit(document.root);
}
