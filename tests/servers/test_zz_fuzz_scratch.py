import sys, asyncio, time, collections, os
from contextlib import asynccontextmanager
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as oc
from hypothesis import given, settings, strategies as st, HealthCheck, Phase
from services.gateway.app import create_app
from services.gateway.state import Services
from services.retrieval.in_process import InProcessCorpora
from services.memory.redis import RedisStore
from tests.harness import harness
from tests.servers.test_gateway import _gated, _line

EX=int(os.environ.get("EX","30"))

def test_fuzz(temporal_address, redis_url):
    known={}
    @asynccontextmanager
    async def opening():
        store=RedisStore(redis_url)
        bench=await harness(temporal_address,_gated(),store=store)
        async with bench.worker():
            a=(await bench.runs.start("toy",{"text":"x"})).run
            b=(await bench.runs.start("toy",{"text":"x"})).run
            for _ in range(100):
                g=await bench.gates.open(b)
                if g: break
                await asyncio.sleep(.05)
            await bench.runs.cancel(b); await bench.ended(b)
            known.update(a=a,b=b,shown=g[0].shown)
            ctx=await bench.runs.context(b)
            known["digest"]=ctx[0].versions[0].digest
            yield Services(runs=bench.runs,gates=bench.gates,corpora=InProcessCorpora(),queue=bench.queue,url="http://x")
        await store.aclose()
    app=create_app(opening)
    schema=schemathesis.openapi.from_asgi("/openapi.json",app)
    seen=collections.Counter(); fails=collections.OrderedDict()
    t0=time.time()
    for res in schema.get_all_operations():
        op=res.ok()
        is_events = op.path.endswith("/events")
        @settings(max_examples=EX,deadline=None,database=None,suppress_health_check=list(HealthCheck),phases=[Phase.explicit,Phase.generate])
        @given(data=st.data())
        def run(data):
            from schemathesis import GenerationMode
            mode=data.draw(st.sampled_from([GenerationMode.POSITIVE,GenerationMode.NEGATIVE]))
            case=data.draw(op.as_strategy(generation_mode=mode))
            if op.path.startswith("/v1/runs/{run}"):
                aim=data.draw(st.sampled_from(["", "b"] if is_events else ["","a","b"]))
                if aim and case.path_parameters is not None:
                    case.path_parameters["run"]=known[aim]
                    if "digest" in case.path_parameters: case.path_parameters["digest"]=known["digest"]
                    if "gate" in case.path_parameters:
                        case.path_parameters["gate"]="approve"
                        if isinstance(case.body,dict) and data.draw(st.booleans()): case.body["shown"]=known["shown"]
            resp=case.call()
            seen[(op.method,op.path,resp.status_code)]+=1
            for chk in (not_a_server_error, oc.status_code_conformance, oc.content_type_conformance, oc.response_schema_conformance, oc.response_headers_conformance):
                try: case.validate_response(resp, checks=[chk])
                except BaseException as e:
                    fails.setdefault((op.method,op.path,chk.__name__,resp.status_code),(str(e)[:1500]))
        t=time.time()
        run()
        print(op.method,op.path,round(time.time()-t,1))
    print("total",time.time()-t0, sum(seen.values()))
    for k,v in sorted(seen.items()): print(k,v)
    for k,v in fails.items(): print("FAIL",k,v)
    from schemathesis.python.asgi import shutdown_lifespans
    shutdown_lifespans()
