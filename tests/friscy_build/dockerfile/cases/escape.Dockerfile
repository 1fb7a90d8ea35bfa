# escape=`
# syntax = x
FROM image
RUN dir `
    C:\path\
COPY a`
 b `  
 c\ /dst
ENV P=a` b Q="c`"d"
ENV W=c:\dir
RUN a `` 
RUN last `
