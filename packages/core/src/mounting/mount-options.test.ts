import { describe, expect, it } from 'vitest'
import { meantMountOption, splitOptions } from './mount-options.ts'

const shown = 's3://bucket'
const manifest = { scheme: 's3', options: { region: { type: 'string', description: 'Region.' } } } as const

describe('splitOptions', () => {
  it('reads every mount option from the query of a URI', () => {
    const uriOptions = {
      layout: 'cas',
      durability: 'os',
      verify: 'none',
      freshnessMs: '250',
      readonly: 'true',
      priority: '-5',
      writers: 'one',
    }
    expect(splitOptions({ uriOptions, shown }, manifest).settings).toEqual({
      layout: 'cas',
      durability: 'os',
      verify: 'none',
      freshnessMs: 250,
      readonly: true,
      priority: -5,
      writers: 'one',
    })
  })

  it('lets the object win over the URI', () => {
    const { settings, uriOptions, objectOptions } = splitOptions(
      { uriOptions: { priority: '1', region: 'a' }, objectOptions: { priority: 2, region: 'b' }, shown },
      manifest,
    )
    expect(settings).toEqual({ priority: 2 })
    expect({ ...uriOptions, ...objectOptions }).toEqual({ region: 'b' })
  })

  it('takes an undefined value for none', () => {
    expect(splitOptions({ uriOptions: { readonly: 'true' }, objectOptions: { readonly: undefined }, shown }, manifest).settings).toEqual({
      readonly: true,
    })
  })

  it('hands durability over where the backend lists it, and where nobody knows its options', () => {
    const local = { scheme: 'local', options: { durability: { type: 'string', description: 'How safe.' } } } as const
    const written = { objectOptions: { durability: 'os', layout: 'path' }, shown }
    expect(splitOptions(written, local).objectOptions).toEqual({ durability: 'os' })
    expect(splitOptions(written, undefined).objectOptions).toEqual({ durability: 'os' })
    expect(splitOptions(written, manifest).objectOptions).toEqual({})
  })

  it('leaves what it does not know to a backend that lists no options', () => {
    expect(splitOptions({ uriOptions: { colour: 'red' }, shown }, undefined).uriOptions).toEqual({ colour: 'red' })
  })

  it.each([
    [{ objectOptions: { layout: 'tree' } }, 'The option "layout" is "cas" or "path", not "tree".'],
    [{ objectOptions: { readonly: 'true' } }, 'The option "readonly" is true or false, not "true".'],
    [{ uriOptions: { readonly: 'yes' } }, 'The option "readonly" is true or false, not "yes".'],
    [{ uriOptions: { priority: '1.5' } }, 'The option "priority" is a whole number, not "1.5".'],
    [{ objectOptions: { priority: Number.NaN } }, 'The option "priority" is a whole number'],
    [{ uriOptions: { freshnessMs: '-1' } }, 'The option "freshnessMs" is a whole number from 0 on, not "-1".'],
    [{ objectOptions: { writers: 2 } }, 'The option "writers" is "one" or "many", not 2.'],
    [{ uriOptions: { priorty: '1' } }, 'There is no option "priorty" for s3://. Did you mean "priority"?'],
    [{ objectOptions: { regoin: 'x' } }, 'There is no option "regoin" for s3://. Did you mean "region"?'],
  ])('refuses %j', (written, message) => {
    expect(() => splitOptions({ ...written, shown }, manifest)).toThrow(
      expect.objectContaining({ code: 'invalid_config', path: shown, message: expect.stringContaining(message) as string }),
    )
  })
})

it('guesses the mount option that a backend refused', () => {
  expect(meantMountOption(['region', 'priorty'])).toBe(' "priorty": Did you mean "priority"?')
  expect(meantMountOption(['region'])).toBe('')
})
