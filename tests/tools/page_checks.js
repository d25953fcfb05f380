// What is wrong with the page that is open: a list of sentences. test_docs_site.py runs it.
width => {
  const all = [...document.querySelectorAll('body *')]
  const found = []

  if (document.documentElement.scrollWidth > width) {
    const wide = all.filter(e => e.getBoundingClientRect().right > width + 1).slice(0, 5)
    found.push(`too wide: ${wide.map(e => `${e.tagName}.${e.className}`).join(', ')}`)
  }
  for (const image of document.images) {
    if (!image.complete || !image.naturalWidth) found.push(`image: ${image.getAttribute('src')}`)
    if (!image.hasAttribute('alt')) found.push(`no alt: ${image.getAttribute('src')}`)
  }

  // Contrast of text with what is behind it, WCAG 2 level AA, by the browser's computed colours.
  const parse = color => {
    const numbers = color.match(/[\d.]+/g).map(Number)
    return numbers.length < 4 ? [...numbers, 1] : numbers
  }
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1)
  const linear = v => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  const light = ([r, g, b]) =>
    0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255)
  const left_out = 'svg, .visually-hidden, script, style, noscript, .headerlink, mjx-container'
  const seen = new Set()
  for (const e of all) {
    const box = e.getBoundingClientRect(), style = getComputedStyle(e)
    const text = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
    if (!text || !box.width || !box.height || e.closest(left_out)) continue
    if (style.visibility === 'hidden' || +style.opacity < 1) continue
    const layers = []
    for (let p = e; p; p = p.parentElement) layers.push(parse(getComputedStyle(p).backgroundColor))
    const behind = layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1])
    const [a, b] = [light(over(parse(style.color), behind)), light(behind)].sort((x, y) => y - x)
    const size = parseFloat(style.fontSize), bold = +style.fontWeight >= 700
    const needed = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5
    const ratio = (a + 0.05) / (b + 0.05)
    if (ratio < needed - 0.01) {
      seen.add(`contrast: ${ratio.toFixed(2)} of ${e.tagName}.${e.className}`)
    }
  }
  return [...found, ...[...seen].slice(0, 8)]
}
