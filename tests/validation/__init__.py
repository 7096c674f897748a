"""Rules that Home Assistant's validator (hassfest) and HACS cannot check, or check too late.

Each rule is a function over the folder of an integration that yields its problems as text. Rules
that the two validators know (shapes of files, requirements, licence, topics) are checked by them in
CI.

    integration  the folder of one integration, read once
    manifest     the facts in manifest.json that decide whether Home Assistant loads it
    keys         the translation keys that the code asks for, and whether their texts exist
    texts        translations/*.json and icons.json: placeholders, leftovers
    languages    every other language: complete, its words, and what is left to translate
    glossary     the words of each language
    services     names and descriptions of actions
    quality      quality_scale.yaml, which hassfest reads for core only
    brand        our own images

Source: Home Assistant 2026.10's developer documentation, as of 2026-11.
"""
