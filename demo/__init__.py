"""The demonstration: a real Home Assistant, a simulated Tesla, and Flotte between them.

    processes       starting and stopping servers
    home_assistant  a fresh configuration, its first user, its interface
    account         logging in to Tesla through the config flow, as an owner does
    stream          letting the cars push, through the options flow
    entities        finding Flotte's entities
    dashboard       a dashboard as an owner would make it
    energy          the Energy dashboard
    checks          that Home Assistant and Tesla agree
    browser         screenshots

Nothing leaves this machine, and everything is written below `.demo/`.
"""
