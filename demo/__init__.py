"""The demonstration: a real Home Assistant, a simulated Tesla, and Flotte between them.

    processes       starting and stopping servers
    home_assistant  a fresh configuration, its first user, its interface
    account         logging in to Tesla through the config flow, as an owner does
    stream          letting the cars push, through the options flow
    entities        finding Flotte's entities
    dashboard       what an owner would like to look at
    checks          whether Home Assistant and Tesla tell the same story
    browser         screenshots

Nothing leaves this machine, and everything is written below `.demo/`.
"""
