"""The rules of Home Assistant's validator (hassfest) and of HACS for a custom integration.

Both run on GitHub only: the one as a container, the other against GitHub's interface. So that a
mistake is found here first, this package says each of their rules again as one function over a
folder. Every rule yields its problems as text; no problem, no text.

    integration  what a rule looks at: one integration's folder
    manifest     manifest.json and the imports that it must announce
    services     services.yaml, triggers.yaml, conditions.yaml
    texts        translations/*.json and icons.json
    quality      quality_scale.yaml and what the code must show for a rule to count as done
    brand        brand/*.png
    hacs         the repository as HACS wants it
    keys         which translation keys the code asks for

Source: Home Assistant 2026.10's validator and developer documentation, HACS' action, as of
2026-11.
"""
