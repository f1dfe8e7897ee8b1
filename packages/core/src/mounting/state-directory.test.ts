import { describe, expect, it } from 'vitest'
import { nexusHome, stateDirectory } from './state-directory.ts'

const linux = { platform: 'linux', homeDirectory: '/home/ada', workingDirectory: '/somewhere', env: {} } as const
const darwin = { platform: 'darwin', homeDirectory: '/Users/ada', workingDirectory: '/somewhere', env: {} } as const
const windows = { platform: 'win32', homeDirectory: 'C:\\Users\\ada', workingDirectory: 'C:\\work', env: {} } as const

describe('stateDirectory', () => {
  it.each([
    ['Linux', linux, '/home/ada/.local/state/nexus-fs'],
    ['FreeBSD like Linux', { ...linux, platform: 'freebsd' as const }, '/home/ada/.local/state/nexus-fs'],
    ['XDG_STATE_HOME', { ...linux, env: { XDG_STATE_HOME: '/xdg' } }, '/xdg/nexus-fs'],
    ['a relative XDG_STATE_HOME is ignored', { ...linux, env: { XDG_STATE_HOME: 'xdg' } }, '/home/ada/.local/state/nexus-fs'],
    ['macOS', darwin, '/Users/ada/Library/Application Support/nexus-fs'],
    ['macOS has no XDG_STATE_HOME', { ...darwin, env: { XDG_STATE_HOME: '/xdg' } }, '/Users/ada/Library/Application Support/nexus-fs'],
    ['Windows', { ...windows, env: { LOCALAPPDATA: 'D:\\Local' } }, 'D:\\Local\\nexus-fs'],
    ['Windows without LOCALAPPDATA', windows, 'C:\\Users\\ada\\AppData\\Local\\nexus-fs'],
    ['an absolute NEXUS_FS_STATE_DIR', { ...linux, env: { NEXUS_FS_STATE_DIR: '/state' } }, '/state'],
    ['a relative NEXUS_FS_STATE_DIR starts at the working directory', { ...linux, env: { NEXUS_FS_STATE_DIR: 'state' } }, '/somewhere/state'],
    ['NEXUS_FS_STATE_DIR on Windows', { ...windows, env: { NEXUS_FS_STATE_DIR: 'state' } }, 'C:\\work\\state'],
    ['an empty NEXUS_FS_STATE_DIR is none', { ...linux, env: { NEXUS_FS_STATE_DIR: '' } }, '/home/ada/.local/state/nexus-fs'],
  ])('%s', (_case, place, expected) => {
    expect(stateDirectory(place)).toBe(expected)
  })
})

describe('nexusHome', () => {
  it.each([
    ['Linux', linux, '/home/ada/.nexus'],
    ['Windows', windows, 'C:\\Users\\ada\\.nexus'],
    ['NEXUS_HOME', { ...linux, env: { NEXUS_HOME: 'home' } }, '/somewhere/home'],
  ])('%s', (_case, place, expected) => {
    expect(nexusHome(place)).toBe(expected)
  })
})
