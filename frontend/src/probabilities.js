// The class probabilities as bars, said aloud once the drawing rests.

import { element, percent, ranking, settled } from "./dom.js";

export class Probabilities {
  /**
   * @param {string[]} labels
   * @param {(text: string) => void} say
   */
  constructor(labels, say) {
    this.labels = labels;
    this.announce = settled(say, 900);
    this.bars = labels.map(() => element("span", { class: "fill" }));
    this.figures = labels.map(() => element("span", { class: "share" }, "–"));
    this.rows = labels.map((label, index) =>
      element(
        "li",
        {},
        element("b", { class: "digit" }, label),
        element("span", { class: "track", "aria-hidden": "true" }, this.bars[index]),
        this.figures[index],
      ),
    );
    this.verdict = element("p", { class: "verdict" }, "Draw a digit.");
    this.root = element("ol", { class: "bars", "aria-label": "Probability of each class" }, ...this.rows);
  }

  /**
   * @param {Float32Array} shares
   * @param {boolean} empty
   */
  show(shares, empty) {
    const [first, second] = ranking(shares);
    shares.forEach((share, index) => {
      this.bars[index].style.transform = `scaleX(${empty ? 0 : share})`;
      this.figures[index].textContent = empty ? "–" : percent(share);
      this.rows[index].classList.toggle("best", !empty && index === first);
    });
    if (empty) {
      this.verdict.textContent = "Draw a digit.";
      this.announce("");
      return;
    }
    const sure = shares[first] >= 0.9 ? "This is a" : shares[first] >= 0.5 ? "Probably a" : "Perhaps a";
    this.verdict.replaceChildren(`${sure} `, element("strong", {}, this.labels[first]), `, ${percent(shares[first])}`);
    this.announce(
      `${sure} ${this.labels[first]}, ${percent(shares[first])}; then ${this.labels[second]}, ${percent(shares[second])}.`,
    );
  }
}
