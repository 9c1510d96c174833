#!/usr/bin/env escript
%% A worker in Erlang: a port with {packet, 4} on the two descriptors takes and makes whole messages.
%% seq 5 | gipc run -- escript examples/upper/upper.erl
-mode(compile).

main(_) ->
    process_flag(trap_exit, true),
    In = list_to_integer(os:getenv("GIPC_IN", "3")),
    Out = list_to_integer(os:getenv("GIPC_OUT", "4")),
    %% eof: the port stays open when the input ends, so that answers can still go out.
    loop(open_port({fd, In, Out}, [{packet, 4}, binary, eof])).

loop(Port) ->
    receive
        {Port, {data, Message}} ->
            %% Waits while the reader is slow. `Port ! {self(), {command, …}}` may then hang for ever.
            port_command(Port, upper(Message)),
            loop(Port);
        {Port, eof} ->
            Port ! {self(), close},
            loop(Port);
        {Port, closed} -> % every answer is written
            ok;
        {'EXIT', Port, Reason} when Reason =/= normal -> % nobody reads any more, say
            io:format(standard_error, "upper.erl: ~p~n", [Reason]),
            halt(1)
    end.

upper(Message) ->
    << <<(if C >= $a, C =< $z -> C - 32; true -> C end)>> || <<C>> <= Message >>.
