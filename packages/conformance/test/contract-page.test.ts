import { readFile } from 'node:fs/promises'
import { contractCases } from '@nexus/conformance'
import { expect, it } from 'vitest'

const page = await readFile(new URL('../../../docs/contract.md', import.meta.url), 'utf8')

/** Sections of the page with their numbered sentences. */
const sections = page
  .split(/^## /m)
  .slice(1)
  .map((text) => ({
    heading: text.slice(0, text.indexOf('\n')),
    sentences: Array.from(text.matchAll(/^- \*\*([0-9.]+)\*\* (.*)$/gm), ([, number, sentence]) => ({ number, sentence })),
  }))

it('has a case for each sentence of the page, in its order, and no other', () => {
  const sentences = sections.flatMap((section) => section.sentences.map(({ sentence }) => sentence))
  expect(contractCases.map(({ name }) => name)).toEqual(sentences)
})

it('has the headings of the page as sections', () => {
  const headings = [...new Set(contractCases.map(({ section }) => section))]
  expect(sections.map(({ heading }) => heading)).toEqual(headings.map((heading, index) => `${index + 1}. ${heading}`))
})

it('numbers the sentences of the page without gaps', () => {
  for (const [index, section] of sections.entries()) {
    expect(section.sentences.map(({ number }) => number)).toEqual(section.sentences.map((_, place) => `${index + 1}.${place + 1}`))
  }
})

it('has no sentence twice', () => {
  expect(new Set(contractCases.map(({ name }) => name)).size).toBe(contractCases.length)
})
