// The choice of a version, where the folder above this site lists several: versions.json is
// {"versions": ["1.0", "0.9"]}, newest first, each in the folder of its name.
document.addEventListener("DOMContentLoaded", async () => {
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href)
  if (!root.protocol.startsWith("http")) return
  const found = await fetch(new URL("../versions.json", root)).catch(() => null)
  if (!found || !found.ok) return
  const { versions } = await found.json()
  const here = root.pathname.split("/").filter(Boolean).pop()
  if (versions.length < 2 || !versions.includes(here)) return
  const choice = document.createElement("select")
  choice.className = "version-choice"
  choice.setAttribute("aria-label", "Version of these pages")
  for (const version of versions) choice.add(new Option(version, version, false, version === here))
  choice.addEventListener("change", async () => {
    const page = location.pathname.slice(root.pathname.length)
    const same = new URL(`../${choice.value}/${page}`, root)
    const there = await fetch(same, { method: "HEAD" }).catch(() => null)
    location.href = there && there.ok ? same : new URL(`../${choice.value}/`, root)
  })
  document.querySelector(".sidebar-brand").after(choice)
})
