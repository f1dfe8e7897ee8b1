import { openMemory } from '@nexus/backend-memory'
import { describeBackend } from '@nexus/conformance'
import { type Backend, createKernel, type Kernel, parsePath } from '@nexus/core'
import { rootedAt } from './kernel-rooted-at.ts'

async function kernelWith(mounts: Readonly<Record<string, Backend>>): Promise<Kernel> {
  const kernel = createKernel()
  for (const [mountPoint, backend] of Object.entries(mounts))
    await kernel.mount({ mountPoint: parsePath(mountPoint), backend, backendType: backend.scheme })
  return kernel
}

/** A memory store that can neither rename nor copy, so that the kernel does both. */
function withoutMoves(): Backend {
  const memory: Backend = openMemory()
  delete memory.rename
  delete memory.copy
  return { ...memory, capabilities: { ...memory.capabilities, rename: 'emulated', directoryRename: 'emulated', copy: 'emulated' } }
}

describeBackend('A kernel with a mount at /', { open: () => kernelWith({ '/': openMemory() }) })

describeBackend('A kernel below a mount point', {
  open: async () => rootedAt(await kernelWith({ '/a/mount': openMemory(), '/a/other': openMemory() }), parsePath('/a/mount')),
})

describeBackend('A directory in a kernel with mounts beside and above it', {
  open: async () => {
    const kernel = await kernelWith({ '/': openMemory(), '/a': openMemory(), '/a/dir/far/away': openMemory() })
    await kernel.mkdir(parsePath('/a/dir/root'), { recursive: true })
    return rootedAt(kernel, parsePath('/a/dir/root'))
  },
  knownGaps: {
    'The root cannot be deleted: `invalid_argument`, or `busy` where it is a mount point.':
      'the root of this view is a plain directory of the kernel',
  },
})

describeBackend('A kernel over a store without rename and copy', { open: () => kernelWith({ '/': withoutMoves() }) })

describeBackend('A kernel in a kernel', { open: async () => kernelWith({ '/': await kernelWith({ '/': openMemory() }) }) })
