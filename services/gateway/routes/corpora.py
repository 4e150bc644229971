"""Corpora: list them, add documents, search."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from services.gateway.parameters import CorpusPath
from services.gateway.problems import documented
from services.gateway.replies import AddDocuments, CorpusList, PassageList
from services.gateway.state import Here
from services.retrieval.base import Document, Ingested
from services.retrieval.documents import submitted_document

router = APIRouter(prefix="/v1/corpora", tags=["corpora"])


@router.get("", summary="List the corpora", responses=documented(500, 503, 507))
async def list_corpora(here: Here) -> CorpusList:
    """By name, with how much each holds."""
    return CorpusList(corpora=await here.corpora.list())


@router.post(
    "/{corpus}/documents",
    summary="Add documents to a corpus",
    responses=documented(400, 413, 415, 422, 500, 502, 503, 504, 507),
)
async def add_documents(corpus: CorpusPath, body: AddDocuments, here: Here) -> Ingested:
    """Plain text. A document whose `uri` is known replaces the earlier one."""
    documents = await asyncio.to_thread(_documents, body)
    return await here.corpora.add(corpus, documents)


@router.get(
    "/{corpus}/search",
    summary="Search a corpus",
    responses=documented(404, 422, 500, 502, 503, 504, 507),
)
async def search_corpus(
    corpus: CorpusPath,
    here: Here,
    q: Annotated[str, Query(min_length=1, max_length=2000, description="What to find, in words.")],
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most.")] = 10,
) -> PassageList:
    """Passages with their exact place, best first."""
    return PassageList(passages=await here.corpora.search(corpus, q, limit))


def _documents(body: AddDocuments) -> list[Document]:
    return [submitted_document(each.title, each.text, each.uri) for each in body.documents]
