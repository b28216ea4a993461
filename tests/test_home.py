"""Homes: folders by environment, and two of them in one process."""

from __future__ import annotations

from pathlib import Path

from pouw.home import Home


def test_variables_of_ours_win_over_the_folders_of_xdg() -> None:
    home = Home.from_environment(
        {"POUW_HOME": "/a", "POUW_CACHE": "/b", "XDG_STATE_HOME": "/x", "XDG_CACHE_HOME": "/y"}
    )
    assert (home.state, home.cache) == (Path("/a"), Path("/b"))


def test_folders_of_xdg_hold_a_folder_of_ours() -> None:
    home = Home.from_environment({"XDG_STATE_HOME": "/x", "XDG_CACHE_HOME": "/y"})
    assert (home.state, home.cache) == (Path("/x/pouw"), Path("/y/pouw"))


def test_a_home_keeps_the_environment_that_it_was_made_from() -> None:
    environment = {"POUW_HOME": "/a"}
    home = Home.from_environment(environment)
    environment["POUW_HOME"] = "/changed"
    assert home.environment["POUW_HOME"] == "/a"
    assert Home.from_environment(environment).state == Path("/changed")
