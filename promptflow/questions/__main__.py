"""Serves the questions alone: ``python -m promptflow.questions --port 8001``. Floor 7."""

import os
from functools import partial

import click

from promptflow.errors import PromptflowError
from promptflow.laboratory import make_laboratory
from promptflow.questions.site import QuestionSite
from promptflow.questions.sources import find_ledger
from promptflow.settings import ROOT, gather_variables, read_settings

_HOST = "127.0.0.1"


@click.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=8001, show_default=True)
@click.option("--studio", metavar="URL", help="Where the Studio is, for links to it.")
def serve(port: int, studio: str | None) -> None:
    """Serve the lineage to questions on this machine, read-only."""
    import uvicorn

    if studio and not studio.startswith(("http://", "https://")):
        message = f"{studio!r} is no address. One looks like http://127.0.0.1:8501."
        raise click.BadParameter(message, param_hint="--studio")
    try:
        settings = read_settings(gather_variables(os.environ, dotenv=ROOT / ".env"))
        laboratory = make_laboratory(settings)
    except PromptflowError as error:
        raise click.ClickException(error.message) from error
    site = QuestionSite(
        partial(find_ledger, laboratory),
        studio_url=f"{studio.rstrip('/')}/" if studio else None,
    )
    click.echo(f"Questions: http://{_HOST}:{port}/", err=True)
    uvicorn.run(site, host=_HOST, port=port, lifespan="off", log_level="warning")


if __name__ == "__main__":
    serve()
