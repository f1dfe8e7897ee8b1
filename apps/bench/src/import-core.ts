// A process of its own: says in microseconds what importing the library costs.
const start = performance.now()
await import('@nexus/core')
console.log((performance.now() - start) * 1000)
